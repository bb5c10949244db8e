"""授权 PMI: who may do what, where and until when; deny by default."""
