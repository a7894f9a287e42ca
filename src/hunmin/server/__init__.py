"""Local web pages and endpoints: who may talk to them, and how an answer is made for several at once."""
