"""Who signs in to the office: accounts, memberships with roles, sessions, links, second factors."""
