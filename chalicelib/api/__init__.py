"""What the HTTP API says and hears: models, services and problem documents."""
