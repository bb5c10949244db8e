"""Backup, restore and drill: one installation into a folder and back, without trusting the folder.

It stands on the top floor because it is about an installation as a whole (data folder, settings, processes), not about a table.

    DIR/backups/NAME.manifest    what a backup consists of; signed; a backup is there when this file is there
    DIR/keys/RUN.json            the key of one run, wrapped for the recovery key
    DIR/objects/ab/…             pieces of content, compressed, encrypted, written once, shared by all backups that hold them
    DIR/unfinished/RUN.journal   what an interrupted run had stored, so that the next one goes on from there
"""
