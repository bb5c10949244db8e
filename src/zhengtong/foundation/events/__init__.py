"""事件 Events: facts published in the same transaction as the change, delivered after commit to those who subscribed."""
