package io.everstore.client.wire;

/** What makes a reply, or one part of it, of a frame. Only {@code ProtocolException} leaves, whatever the bytes are. */
@FunctionalInterface
public interface Decoder<R> {
    R decode(Frame frame);
}
