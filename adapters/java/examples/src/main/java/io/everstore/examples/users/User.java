package io.everstore.examples.users;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.LocalDate;

/** A user's state, which is never changed but by making another. */
final class User {
    static final User NOBODY = new User(null, null, null);

    private final String firstName;
    private final String lastName;
    private final LocalDate born;

    @JsonCreator
    User(
            @JsonProperty("firstName") String firstName,
            @JsonProperty("lastName") String lastName,
            @JsonProperty("born") LocalDate born) {
        this.firstName = firstName;
        this.lastName = lastName;
        this.born = born;
    }

    boolean exists() {
        return born != null;
    }

    User after(UserEvent event) {
        if (event instanceof UserCreated) {
            UserCreated created = (UserCreated) event;
            return new User(created.firstName, created.lastName, created.born);
        }
        if (event instanceof NameUpdated) {
            NameUpdated updated = (NameUpdated) event;
            return new User(updated.firstName, updated.lastName, born);
        }
        return this;
    }

    @Override
    public String toString() {
        return firstName + " " + lastName + ", born " + born;
    }
}
