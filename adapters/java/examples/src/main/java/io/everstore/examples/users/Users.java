package io.everstore.examples.users;

import io.everstore.client.EverstoreClient;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.LocalDate;

/**
 * A user repository: states folded from journals, with snapshots on disk.
 *
 * <p>Arguments: the server's URL, and a folder for snapshots; a server on this machine and {@code snapshots} unless given.
 */
public final class Users {
    private Users() {}

    public static void main(String[] arguments) {
        String url = arguments.length > 0 ? arguments[0] : "everstore://admin:passwd@localhost:6929";
        Path snapshots = Paths.get(arguments.length > 1 ? arguments[1] : "snapshots");
        try (EverstoreClient<UserEvent> db = EverstoreClient.connect(url, UserRepository.EVENTS)) {
            UserRepository users = new UserRepository(db, snapshots);
            users.create(123, "Per", "Andersson", LocalDate.of(1982, 5, 1)).join().orThrow();
            System.out.println("created: " + users.find(123).join());
            users.rename(123, "John", "Doe").join().orThrow();
            System.out.println("renamed: " + users.find(123).join());
        }
    }
}
