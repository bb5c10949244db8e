"""At the window: a resident who lost password, phone or second factor comes back in, after an official saw who they are."""
