"""Documents as pictures of their pages: made some at a time, when somebody looks at them."""
