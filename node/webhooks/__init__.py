"""Subscriptions to named queries: kept, due by schedules, told to webhooks that are not trusted."""
