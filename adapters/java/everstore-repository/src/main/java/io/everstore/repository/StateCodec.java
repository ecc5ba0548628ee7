package io.everstore.repository;

/** A state to bytes and back. What it throws is taken for a snapshot that cannot be kept, or cannot be used. */
public interface StateCodec<S> {
    byte[] encode(S state) throws Exception;

    S decode(byte[] bytes) throws Exception;

    /** Of two functions. */
    static <S> StateCodec<S> of(Function<S, byte[]> encode, Function<byte[], S> decode) {
        return new StateCodec<S>() {
            @Override
            public byte[] encode(S state) throws Exception {
                return encode.apply(state);
            }

            @Override
            public S decode(byte[] bytes) throws Exception {
                return decode.apply(bytes);
            }
        };
    }

    /** One that may throw what it likes, as serializers do. */
    @FunctionalInterface
    interface Function<A, B> {
        B apply(A value) throws Exception;
    }
}
