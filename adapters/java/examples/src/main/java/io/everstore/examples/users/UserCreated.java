package io.everstore.examples.users;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.LocalDate;

final class UserCreated implements UserEvent {
    final String firstName;
    final String lastName;
    final LocalDate born;

    @JsonCreator
    UserCreated(
            @JsonProperty("firstName") String firstName,
            @JsonProperty("lastName") String lastName,
            @JsonProperty("born") LocalDate born) {
        this.firstName = firstName;
        this.lastName = lastName;
        this.born = born;
    }
}
