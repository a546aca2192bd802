"""Pages of files and folders: of a folder by any column, of a search, of what is new, marked or tagged."""
