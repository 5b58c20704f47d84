"""ratingd: real-time charging and fraud triggers for telephony. This room does everything that touches the world."""

import os

# Tariffs are read in a child process, which executes Python afresh. gRPC's own handlers around a fork are for children
# that go on using its channels; here they would only risk a crash of the daemon. Read when grpc is first imported.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
