"""Why an intent ended as it did: what was asked, what each rule said, what followed."""
