"""附件 Files: bytes kept once by content, checked at the door, handed out only to who may read them."""
