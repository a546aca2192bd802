"""What every slice stands on: settings, sessions, ids, errors, names, `Principal`. Imports no slice."""
