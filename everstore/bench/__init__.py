"""The benchmark: Everstore beside what its users would pick instead. It knows the server only by its command and its
wire, as any other program does.
"""
