"""What a journal is, pure: names, the text, conflicts, transactions, the repair table. No file is touched here."""
