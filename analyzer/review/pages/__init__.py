"""One file a page; ``analyzer.review.app.PAGES`` registers them."""
