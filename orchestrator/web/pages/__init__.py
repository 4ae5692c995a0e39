"""One file for each page: what is asked for, which operation answers, what the template is given."""
