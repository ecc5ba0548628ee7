"""The bytes: layouts, requests, frames, replies. Pure; knows no socket and no transaction."""
