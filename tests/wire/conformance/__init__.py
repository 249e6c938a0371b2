"""Every operation of the control plane, over a real socket, in every status mode.

``kinds.py`` declares what each kind of resource has; the tests are generic over that table. ``watch.py`` looks at every
answer on the client's side, whatever the test asks of it.
"""
