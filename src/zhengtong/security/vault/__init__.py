"""加密保管 Vault: personal values sealed in the database and files on the disk, keys in a queue, turned over while people work."""
