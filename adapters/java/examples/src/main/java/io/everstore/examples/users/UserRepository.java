package io.everstore.examples.users;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.everstore.client.CommitResult;
import io.everstore.client.EverstoreClient;
import io.everstore.client.Serializer;
import io.everstore.jackson.EventMapper;
import io.everstore.jackson.JacksonSerializer;
import io.everstore.repository.DirectorySnapshots;
import io.everstore.repository.Repository;
import io.everstore.repository.StateCodec;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Collection;
import java.util.Collections;
import java.util.concurrent.CompletableFuture;

/** Users, each in a journal of its own. */
final class UserRepository {
    static final Serializer<UserEvent> EVENTS = JacksonSerializer.of(UserEvent.class)
            .event("user.Created", UserCreated.class)
            .event("user.NameUpdated", NameUpdated.class)
            .type("user.Event", UserEvent.class);

    /** To be changed with whatever `User.after` does. */
    private static final String VERSION = "1";

    private final Repository<User, UserEvent> users;

    UserRepository(EverstoreClient<UserEvent> db, Path snapshots) {
        ObjectMapper mapper = EventMapper.create();
        StateCodec<User> codec =
                StateCodec.of(mapper::writeValueAsBytes, bytes -> mapper.readValue(bytes, User.class));
        users = new Repository<>(db, () -> User.NOBODY, User::after)
                .withSnapshots(new DirectorySnapshots<>(snapshots, codec, VERSION))
                .withSnapshotEvery(2);
    }

    CompletableFuture<User> find(int id) {
        return users.get(journal(id));
    }

    CompletableFuture<CommitResult<UserEvent>> create(int id, String firstName, String lastName, LocalDate born) {
        return decide(id, user -> user.exists()
                ? Collections.emptyList()
                : Collections.singletonList(new UserCreated(firstName, lastName, born)));
    }

    CompletableFuture<CommitResult<UserEvent>> rename(int id, String firstName, String lastName) {
        return decide(id, user -> user.exists()
                ? Collections.singletonList(new NameUpdated(firstName, lastName))
                : Collections.emptyList());
    }

    private CompletableFuture<CommitResult<UserEvent>> decide(int id, Decision decision) {
        return users.update(journal(id), decision::of);
    }

    private static String journal(int id) {
        return "/java/users/user-" + id;
    }

    private interface Decision {
        Collection<UserEvent> of(User user);
    }
}
