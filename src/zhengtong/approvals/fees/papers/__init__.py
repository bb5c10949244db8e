"""缴款通知书 and 电子缴款凭证: what they say and how they are printed."""
