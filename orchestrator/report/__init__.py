"""HTML that stands alone: a page to mail to a reviewer, and what a notebook shows.

``downsampling.py`` leaves of a series what a screen can show (the web page draws by it too), ``draw.py`` makes a chart
of it, ``fragments.py`` tables for a notebook, ``page.py`` the whole page. Pure: what is shown comes in as values.
Everything is escaped by Jinja2; nothing is fetched, no script runs.
"""
