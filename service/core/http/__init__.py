"""The part of core that speaks HTTP: problems (RFC 9457), the guard, addresses behind proxies."""
