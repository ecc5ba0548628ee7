package io.everstore.repository;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Snapshots in files, one for each journal, replaced atomically; several processes may share the directory.
 *
 * <pre>
 * everstore snapshot 1        the format
 * /user/42                    the journal
 * 2048                        its size in bytes up to which the state was folded
 * 3                           the version of the fold and of the state
 * 9f86d081884c7d659a2f...     SHA-256 of the four lines above and of what follows, in hexadecimal
 * the encoded state
 * </pre>
 *
 * <p>One that is not exactly that, of this journal and version, is not used. There is no sync: after a crash a file may be torn,
 * and its digest tells.
 */
public final class DirectorySnapshots<S> implements Snapshots<S> {
    private static final Logger LOG = Logger.getLogger(DirectorySnapshots.class.getName());
    private static final String FORMAT = "everstore snapshot 1";
    private static final int HEAD_LINES = 5;

    private final Path directory;
    private final StateCodec<S> codec;
    private final String version;

    /**
     * @param directory made when it is missing
     * @param version of the fold and of the state, on one line; snapshots of another one are not used
     * @throws UncheckedIOException the directory cannot be made
     */
    public DirectorySnapshots(Path directory, StateCodec<S> codec, String version) {
        if (version.indexOf('\n') >= 0) {
            throw new IllegalArgumentException("the version of snapshots must stand on one line");
        }
        this.directory = directory;
        this.codec = codec;
        this.version = version;
        try {
            Files.createDirectories(directory);
        } catch (IOException error) {
            throw new UncheckedIOException("the directory of snapshots cannot be made", error);
        }
    }

    @Override
    public Optional<Snapshot<S>> load(String journal) {
        Path path = path(journal);
        try {
            return decode(journal, Files.readAllBytes(path));
        } catch (NoSuchFileException none) {
            return Optional.empty();
        } catch (Exception error) {
            LOG.log(Level.WARNING, "the snapshot " + path + " of " + journal + " cannot be used", error);
            return Optional.empty();
        }
    }

    /** @throws UncheckedIOException it could not be written; the last one is still there */
    @Override
    public void save(String journal, Snapshot<S> snapshot) {
        try {
            replace(path(journal), encode(journal, snapshot));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        } catch (RuntimeException error) {
            throw error;
        } catch (Exception error) {
            throw new IllegalArgumentException("the state of " + journal + " cannot be encoded", error);
        }
    }

    private byte[] encode(String journal, Snapshot<S> snapshot) throws Exception {
        byte[] head = String.join("\n", FORMAT, journal, Long.toString(snapshot.size()), version)
                .getBytes(StandardCharsets.UTF_8);
        byte[] body = codec.encode(snapshot.state());
        return joined(head, digest(head, body).getBytes(StandardCharsets.US_ASCII), body);
    }

    private Optional<Snapshot<S>> decode(String journal, byte[] file) throws Exception {
        int[] ends = lineEnds(file);
        if (ends == null) {
            return Optional.empty();
        }
        byte[] head = Arrays.copyOf(file, ends[HEAD_LINES - 2]);
        String told = ascii(file, ends[HEAD_LINES - 2] + 1, ends[HEAD_LINES - 1]);
        byte[] body = Arrays.copyOfRange(file, ends[HEAD_LINES - 1] + 1, file.length);
        String size = ascii(file, ends[1] + 1, ends[2]);
        String wanted = String.join("\n", FORMAT, journal, size, version);
        boolean isIt = digest(head, body).equals(told) && Arrays.equals(head, wanted.getBytes(StandardCharsets.UTF_8));
        return isIt ? Optional.of(new Snapshot<>(codec.decode(body), Long.parseLong(size))) : Optional.empty();
    }

    /** Where the head's lines end; null when they are not all there. */
    private static int[] lineEnds(byte[] file) {
        int[] ends = new int[HEAD_LINES];
        int found = 0;
        for (int at = 0; at < file.length && found < HEAD_LINES; at++) {
            if (file[at] == '\n') {
                ends[found++] = at;
            }
        }
        return found == HEAD_LINES ? ends : null;
    }

    private void replace(Path path, byte[] file) throws IOException {
        Path fresh = Files.createTempFile(directory, "snapshot", ".new");
        try {
            Files.write(fresh, file);
            Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    /** A journal's name may be longer than a file's, so its digest stands for it; the head says which it is. */
    private Path path(String journal) {
        return directory.resolve(digest(journal.getBytes(StandardCharsets.UTF_8)) + ".snapshot");
    }

    private static String ascii(byte[] file, int start, int end) {
        return new String(file, start, end - start, StandardCharsets.US_ASCII);
    }

    private static byte[] joined(byte[] head, byte[] digest, byte[] body) {
        byte[] joined = new byte[head.length + digest.length + body.length + 2];
        System.arraycopy(head, 0, joined, 0, head.length);
        joined[head.length] = '\n';
        System.arraycopy(digest, 0, joined, head.length + 1, digest.length);
        joined[head.length + 1 + digest.length] = '\n';
        System.arraycopy(body, 0, joined, joined.length - body.length, body.length);
        return joined;
    }

    private static String digest(byte[]... pieces) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (byte[] piece : pieces) {
                digest.update(piece);
            }
            StringBuilder text = new StringBuilder();
            for (byte each : digest.digest()) {
                text.append(String.format("%02x", each));
            }
            return text.toString();
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError("every Java has SHA-256", impossible);
        }
    }
}
