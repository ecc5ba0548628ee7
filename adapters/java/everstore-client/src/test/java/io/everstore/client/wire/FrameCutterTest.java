package io.everstore.client.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.everstore.client.Limits;
import io.everstore.client.exception.ProtocolException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameCutterTest {
    /** Byte by byte, in pieces that no frame ends with, and all at once. */
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 19, 4096, 1_000_000})
    void anyCutOfTheStreamGivesTheSameFrames(int pieceBytes) throws IOException {
        List<JsonNode> vectors = Vectors.all("replies").stream()
                .map(Named::getPayload)
                .filter(each -> !Vectors.isBig(each))
                .collect(Collectors.toList());
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        stream.write(new byte[] {0, 1, 1});
        for (int round = 0; round < 50; round++) {
            for (JsonNode each : vectors) {
                stream.write(Vectors.frame(each));
            }
        }
        List<Frame> frames = cut(stream.toByteArray(), pieceBytes);
        assertEquals(50 * vectors.size(), frames.size());
        for (int number = 0; number < frames.size(); number++) {
            assertIsFrame(vectors.get(number % vectors.size()), frames.get(number));
        }
    }

    @Test
    void aLargeFrameAndTheOneBehindItAreCut() {
        byte[] large = frame(Layouts.READ, Limits.REPLY_BYTES_MAX, 0);
        byte[] small = frame(Layouts.READ, 1, 0);
        FrameCutter cutter = greeted();
        ByteBuffer all = ByteBuffer.allocate(large.length + small.length).put(large).put(small);
        all.flip();
        cutter.feed(all);
        assertEquals(Limits.REPLY_BYTES_MAX, cutter.next().size());
        assertEquals(1, cutter.next().size());
        assertNull(cutter.next());
    }

    @Test
    void aSizeThatCannotBeIsRefusedOnceItsHeaderIsThere() {
        for (int size : new int[] {Limits.REPLY_BYTES_MAX + 1, Integer.MAX_VALUE, -1}) {
            FrameCutter cutter = greeted();
            ByteBuffer header = ByteBuffer.allocate(Layouts.HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            header.putInt(Layouts.READ).putInt(size).rewind();
            cutter.feed(header);
            assertThrows(ProtocolException.class, cutter::next);
        }
    }

    @Test
    void aCompressedFrameIsRefused() {
        FrameCutter cutter = greeted();
        cutter.feed(ByteBuffer.wrap(frame(Layouts.READ, 1, Layouts.COMPRESSED)));
        assertThrows(ProtocolException.class, cutter::next);
    }

    @Test
    void everyHelloIsOneOfFourOrRefused() {
        for (int value = 0; value < 1 << 16; value++) {
            int first = value >> 8;
            int last = value & 0xFF;
            FrameCutter cutter = new FrameCutter();
            cutter.feed(ByteBuffer.wrap(new byte[] {(byte) first, 1, (byte) last}));
            if (first <= 1 && last <= 1) {
                assertNotNull(cutter.hello());
            } else {
                assertThrows(ProtocolException.class, cutter::hello);
            }
        }
        FrameCutter later = new FrameCutter();
        later.feed(ByteBuffer.wrap(new byte[] {0, 2, 1}));
        assertThrows(ProtocolException.class, later::hello);
    }

    @Test
    void aHelloThatIsNotWholeIsWaitedFor() {
        FrameCutter cutter = new FrameCutter();
        cutter.feed(ByteBuffer.wrap(new byte[] {1, 1}));
        assertNull(cutter.hello());
        cutter.feed(ByteBuffer.wrap(new byte[] {0}));
        ServerHello hello = cutter.hello();
        assertEquals(ByteOrder.BIG_ENDIAN, hello.order);
        assertTrue(!hello.mustLogIn);
    }

    private static List<Frame> cut(byte[] stream, int pieceBytes) {
        FrameCutter cutter = new FrameCutter();
        List<Frame> frames = new ArrayList<>();
        boolean greeted = false;
        for (int at = 0; at < stream.length; at += pieceBytes) {
            cutter.feed(ByteBuffer.wrap(stream, at, Math.min(pieceBytes, stream.length - at)));
            greeted = greeted || cutter.hello() != null;
            for (Frame frame = greeted ? cutter.next() : null; frame != null; frame = cutter.next()) {
                frames.add(frame);
            }
        }
        return frames;
    }

    private static void assertIsFrame(JsonNode vector, Frame frame) {
        ByteBuffer bytes = ByteBuffer.allocate(Layouts.HEADER_BYTES + frame.size()).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(frame.kind).putInt(frame.size()).putInt(frame.uid).putInt(frame.properties).putInt(frame.worker);
        bytes.put(frame.body());
        assertArrayEquals(Vectors.frame(vector), bytes.array());
    }

    private static FrameCutter greeted() {
        FrameCutter cutter = new FrameCutter();
        cutter.feed(ByteBuffer.wrap(new byte[] {0, 1, 1}));
        cutter.hello();
        return cutter;
    }

    private static byte[] frame(int kind, int size, int properties) {
        ByteBuffer frame = ByteBuffer.allocate(Layouts.HEADER_BYTES + size).order(ByteOrder.LITTLE_ENDIAN);
        frame.putInt(kind).putInt(size).putInt(1).putInt(properties).putInt(1);
        return frame.array();
    }
}
