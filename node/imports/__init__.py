"""CSV files of merchants as transactions: read, planned, sent, refused rows reported."""
