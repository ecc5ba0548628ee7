package io.everstore.client.conversation;

import static io.everstore.client.conversation.Answers.error;
import static io.everstore.client.conversation.Answers.exists;
import static io.everstore.client.conversation.Answers.hello;
import static io.everstore.client.conversation.Answers.nativeHello;
import static io.everstore.client.conversation.Answers.text;
import static io.everstore.client.conversation.Answers.written;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.everstore.client.Limits;
import io.everstore.client.exception.AuthenticationFailedException;
import io.everstore.client.exception.CannotReadException;
import io.everstore.client.exception.ConnectionLostException;
import io.everstore.client.exception.EverstoreException;
import io.everstore.client.exception.InvalidJournalNameException;
import io.everstore.client.exception.ProtocolException;
import io.everstore.client.exception.TimeoutException;
import io.everstore.client.exception.TooLargeException;
import io.everstore.client.exception.UnknownErrorException;
import io.everstore.client.wire.Append;
import io.everstore.client.wire.Frame;
import io.everstore.client.wire.FrameCutter;
import io.everstore.client.wire.Layouts;
import io.everstore.client.wire.Outcome;
import io.everstore.client.wire.Request;
import io.everstore.client.wire.Requests;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ConversationTest {
    private static final byte[] NAME = {'/', 'a'};
    private static final byte[] NONE = {};
    private static final long TIMEOUT = 100;
    private static final int ANSWER_BYTES_MAX = 20_000;

    private final Told<Void> opened = new Told<>();
    private final Sender sender = new Sender();
    private long now;
    private final Conversation conversation =
            new Conversation(Requests.authenticate(NAME, NAME), new Senders(), () -> now, opened, ANSWER_BYTES_MAX);

    @Test
    void aHelloIsAnsweredByTheLoginAndAFirstQuestion() {
        assertNull(conversation.outgoing());
        conversation.receive(hello());
        List<Frame> said = said();
        assertEquals(kinds(Layouts.AUTHENTICATE, Layouts.NATIVE), kinds(said));
        assertEquals(0, opened.times);
        conversation.receive(nativeHello(said.get(1).uid, 5, 7));
        opened.only();
        assertEquals(5, conversation.nativeServer().hello.workers);
    }

    @Test
    void aServerOfVersion1AnswersTheFirstQuestionWithError1() {
        conversation.receive(hello());
        conversation.receive(error(said().get(1).uid, 1));
        opened.only();
        assertNull(conversation.nativeServer());
    }

    @Test
    void aBigEndianServerIsAskedWhatVersion1Knows() {
        conversation.receive(ByteBuffer.wrap(new byte[] {1, 1, 0}));
        ByteBuffer said = conversation.outgoing();
        assertEquals(Layouts.EXISTS, said.getInt());
        said.getInt();
        int uid = said.getInt();
        ByteBuffer answer = ByteBuffer.allocate(Layouts.HEADER_BYTES + 1);
        answer.putInt(Layouts.EXISTS).putInt(1).putInt(uid).rewind();
        conversation.receive(answer);
        opened.only();
    }

    @Test
    void aRefusedLoginIsTold() {
        conversation.receive(hello());
        conversation.receive(error(said().get(0).uid, 2));
        assertInstanceOf(AuthenticationFailedException.class, opened.onlyError());
        assertTrue(conversation.isLost());
    }

    @Test
    void partsOfDifferentReadsMayInterleave() {
        open();
        Told<byte[]> one = ask(read());
        Told<byte[]> two = ask(read());
        List<Frame> said = said();
        conversation.receive(text(said.get(0).uid, true, "on"));
        conversation.receive(text(said.get(1).uid, true, "tw"));
        conversation.receive(text(said.get(1).uid, false, "o"));
        assertArrayEquals("two".getBytes(), two.only());
        assertEquals(0, one.times);
        conversation.receive(text(said.get(0).uid, false, "e"));
        assertArrayEquals("one".getBytes(), one.only());
    }

    @Test
    void anErrorEndsAReadBetweenTwoParts() {
        open();
        Told<byte[]> read = ask(read());
        int uid = said().get(0).uid;
        conversation.receive(text(uid, true, "on"));
        conversation.receive(error(uid, 5));
        assertInstanceOf(CannotReadException.class, read.onlyError());
        assertFalse(conversation.isLost());
    }

    @Test
    void anAnswerThatIsTooLargeFailsAndTheConversationGoesOn() {
        open();
        Told<byte[]> read = ask(read());
        int uid = said().get(0).uid;
        String half = String.join("", Collections.nCopies(ANSWER_BYTES_MAX / 2, "x"));
        conversation.receive(text(uid, true, half));
        assertEquals(0, read.times);
        conversation.receive(text(uid, true, half));
        EverstoreException error = read.onlyError();
        assertInstanceOf(TooLargeException.class, error);
        assertTrue(error.getMessage().contains("readPages"), error::getMessage);
        conversation.receive(text(uid, true, half));
        conversation.receive(text(uid, false, "the rest"));
        Told<Boolean> next = ask(Requests.exists(NAME));
        conversation.receive(exists(said().get(0).uid));
        assertTrue(next.only());
    }

    @Test
    void anAnswerThatNobodyAskedForEndsIt() {
        open();
        Told<Boolean> asked = ask(Requests.exists(NAME));
        conversation.receive(exists(4711));
        assertInstanceOf(ProtocolException.class, asked.onlyError());
        assertTrue(conversation.isLost());
    }

    @Test
    void anAnswerOfAnotherTypeEndsIt() {
        open();
        Told<Boolean> asked = ask(Requests.exists(NAME));
        conversation.receive(text(said().get(0).uid, false, ""));
        assertInstanceOf(ProtocolException.class, asked.onlyError());
    }

    @Test
    void aReplyInPartsThatMustBeOneEndsIt() {
        open();
        Told<Boolean> asked = ask(Requests.exists(NAME));
        ByteBuffer answer = exists(said().get(0).uid);
        answer.put(12, (byte) Layouts.MULTIPART);
        conversation.receive(answer);
        assertInstanceOf(ProtocolException.class, asked.onlyError());
    }

    @Test
    void whatIsLateIsToldSoAndItsAnswerIsDropped() {
        open();
        Told<byte[]> read = ask(read());
        int uid = said().get(0).uid;
        now += TIMEOUT - 1;
        conversation.receive(text(uid, true, "a part"));
        now += TIMEOUT - 1;
        assertFalse(conversation.expire(), "a part came in time");
        now += 1;
        assertTrue(conversation.expire());
        assertInstanceOf(TimeoutException.class, read.onlyError());
        conversation.receive(text(uid, true, "late"));
        conversation.receive(text(uid, false, "later"));
        assertFalse(conversation.isLost());
        conversation.receive(text(uid, false, "not asked any more"));
        assertTrue(conversation.isLost());
    }

    @Test
    void itsEndIsToldToEachOnceAndSaysWhatWasSent() {
        open();
        Told<Boolean> asked = ask(Requests.exists(NAME));
        Told<Outcome> left = post(1);
        said();
        Told<Outcome> waits = post(2);
        conversation.lose(new ConnectionLostException("broken"));
        conversation.lose(new ConnectionLostException("again"));
        Told<Boolean> late = ask(Requests.exists(NAME));
        assertTrue(((ConnectionLostException) asked.onlyError()).sent());
        assertTrue(((ConnectionLostException) left.onlyError()).sent());
        assertFalse(((ConnectionLostException) waits.onlyError()).sent());
        assertFalse(((ConnectionLostException) late.onlyError()).sent());
        assertNull(conversation.outgoing());
    }

    @Test
    void appendsThatWaitLeaveTogetherOnceTheOneBeforeIsAnswered() {
        open();
        Told<Outcome> first = post(1);
        List<Frame> alone = said();
        assertEquals(1, appends(alone.get(0)));
        List<Told<Outcome>> others = IntStream.range(2, 5).mapToObj(this::post).collect(Collectors.toList());
        assertNull(conversation.outgoing(), "one is under way");
        conversation.receive(written(alone.get(0).uid, 1));
        assertEquals(1, first.only().position);
        List<Frame> together = said();
        assertEquals(1, together.size());
        assertEquals(3, appends(together.get(0)));
        conversation.receive(written(together.get(0).uid, 3));
        for (int number = 0; number < 3; number++) {
            assertEquals(number + 1, others.get(number).only().position);
        }
    }

    @Test
    void aRequestThatIsFullDoesNotWait() {
        open();
        post(1);
        said();
        IntStream.range(0, Limits.APPENDS_MAX + 1).forEach(number -> post(2 + number));
        List<Frame> full = said();
        assertEquals(1, full.size());
        assertEquals(Limits.APPENDS_MAX, appends(full.get(0)));
        assertNull(conversation.outgoing(), "one is left, which waits");
    }

    @Test
    void appendsOfManyBytesDoNotTravelTogether() {
        open();
        post(1);
        Frame first = said().get(0);
        byte[] large = new byte[Limits.APPENDS_BYTES_MAX / 2];
        IntStream.range(2, 5).forEach(sequence -> post(sequence, large));
        List<Frame> full = said();
        assertEquals(2, full.size(), "a queue of too many bytes is full");
        conversation.receive(written(first.uid, 1));
        full.forEach(frame -> assertEquals(1, appends(frame)));
    }

    @Test
    void appendsOfARequestThatIsRefusedWholeAreSaidAlone() {
        open();
        post(1);
        Frame first = said().get(0);
        Told<Outcome> bad = post(2);
        Told<Outcome> good = post(3);
        conversation.receive(written(first.uid, 1));
        conversation.receive(error(said().get(0).uid, 8));
        List<Frame> alone = said();
        assertEquals(2, alone.size());
        conversation.receive(error(alone.get(0).uid, 8));
        conversation.receive(written(alone.get(1).uid, 1));
        assertInstanceOf(InvalidJournalNameException.class, bad.onlyError());
        good.only();
    }

    @Test
    void error1ToARequestOfAppendsIsToldToEach() {
        open();
        post(1);
        Frame first = said().get(0);
        Told<Outcome> one = post(2);
        Told<Outcome> two = post(3);
        conversation.receive(written(first.uid, 1));
        conversation.receive(error(said().get(0).uid, 1));
        assertInstanceOf(UnknownErrorException.class, one.onlyError());
        assertInstanceOf(UnknownErrorException.class, two.onlyError());
        assertNull(conversation.outgoing());
    }

    @Test
    void outcomesOfAnotherNumberThanAppendsEndIt() {
        open();
        Told<Outcome> posted = post(1);
        conversation.receive(written(said().get(0).uid, 2));
        assertInstanceOf(ProtocolException.class, posted.onlyError());
        assertTrue(conversation.isLost());
    }

    @Test
    void aLateAppendThatHasNotLeftDoesNotLeave() {
        open();
        Told<Outcome> left = new Told<>();
        Post leaving = new Post(sender, 7, 1, append(1, NONE), TIMEOUT, left);
        conversation.post(leaving);
        Frame first = said().get(0);
        Told<Outcome> waits = new Told<>();
        Post waiting = new Post(sender, 7, 1, append(2, NONE), TIMEOUT, waits);
        conversation.post(waiting);
        now = TIMEOUT;
        assertTrue(conversation.expire());
        assertInstanceOf(TimeoutException.class, left.onlyError());
        assertInstanceOf(TimeoutException.class, waits.onlyError());
        assertTrue(leaving.left());
        assertFalse(waiting.left());
        conversation.receive(written(first.uid, 1));
        assertEquals(1, left.times, "its late answer is dropped");
        assertNull(conversation.outgoing());
    }

    private void open() {
        conversation.receive(hello());
        conversation.receive(nativeHello(said().get(1).uid, 1, 7));
        opened.only();
    }

    private Request<byte[]> read() {
        return Requests.read(NAME, 1, 0, 100, false);
    }

    private <R> Told<R> ask(Request<R> request) {
        Told<R> told = new Told<>();
        conversation.ask(request, TIMEOUT, told);
        return told;
    }

    private Told<Outcome> post(int sequence) {
        return post(sequence, NONE);
    }

    private Told<Outcome> post(int sequence, byte[] events) {
        Told<Outcome> told = new Told<>();
        conversation.post(new Post(sender, 7, 1, append(sequence, events), Long.MAX_VALUE, told));
        return told;
    }

    private static Append append(int sequence, byte[] events) {
        return new Append(sequence, 0, Append.ALWAYS, NAME, NONE, NONE, events);
    }

    /** All that is said now, as frames: requests have the header of replies. */
    private List<Frame> said() {
        FrameCutter cutter = new FrameCutter();
        cutter.feed(hello());
        cutter.hello();
        for (ByteBuffer said = conversation.outgoing(); said != null; said = conversation.outgoing()) {
            cutter.feed(said);
        }
        List<Frame> frames = new ArrayList<>();
        for (Frame frame = cutter.next(); frame != null; frame = cutter.next()) {
            frames.add(frame);
        }
        return frames;
    }

    private static int appends(Frame frame) {
        assertEquals(Layouts.APPEND, frame.kind);
        return frame.body().getInt(32);
    }

    private static List<Integer> kinds(Integer... kinds) {
        return Arrays.asList(kinds);
    }

    private static List<Integer> kinds(List<Frame> frames) {
        return frames.stream().map(frame -> frame.kind).collect(Collectors.toList());
    }
}
