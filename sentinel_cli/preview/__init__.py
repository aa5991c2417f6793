"""What a preview of the stack means to a reviewer, and the rules of the provider by which it is read."""
