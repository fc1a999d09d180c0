from central_desk import acme, centre, desk, new_desk, open_company, server

__all__ = ["acme", "centre", "desk", "new_desk", "open_company", "server"]
