"""Files of any known format become Interactions, Rejects and Skipped files.

    files.find_files(inputs) → list[InputFile]             (standard library only)
    read.read_file(file, settings, metadata=…, roster=…, now=…) → Interaction | Reject | Skipped
    metadata.load_metadata(path, settings), roster.load_roster(path, settings)
    identity.decide(known, incoming) → new | duplicate | replacement | stale
    identity.customer_keys(settings).key(customer_id)       the key of a customer in every table
    quarantine.Quarantine(store, run_id), quarantine.prune(store, days, now)
    quarantine.newest(store), quarantine.remove(store, places)  what lies there, and taking out what was mended
    contract.REJECT_CODES, formats.FORMATS, formats.guesses(head, name)
    masking.mask(text, Masker())

Import from the modules: this package imports nothing, so that looking for files stays quick.
"""
