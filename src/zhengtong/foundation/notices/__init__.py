"""通知 Notices: messages to people by inbox, e-mail and SMS, each delivery recorded."""
