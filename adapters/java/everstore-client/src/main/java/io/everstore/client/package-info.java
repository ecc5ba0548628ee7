/**
 * The client of Everstore. {@link io.everstore.client.EverstoreClient#connect} is where to begin.
 *
 * <p>The public API is this package and the packages {@code exception} and {@code transport} in it. {@code wire} (the bytes,
 * pure), {@code conversation} (what they mean, pure), {@code nio} (sockets, one thread) and {@code operations} (what is done over
 * them) are its parts, and may change without notice. Each of these knows only those named before it, and of this package the
 * limits and the configuration.
 */
package io.everstore.client;
