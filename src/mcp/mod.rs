//! The protocol: eras, transports, pagination, every limit.
