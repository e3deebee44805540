"""The first month: a playbook, training, an exercise, and what is done when the third week stalls."""
