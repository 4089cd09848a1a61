"""The clients in the office: found, looked at, put right, merged, brought in and taken out."""
