"""The agreement between marketing and sales: schema, loading, checking."""
