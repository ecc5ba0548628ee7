package io.everstore.examples.users;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;

final class NameUpdated implements UserEvent {
    final String firstName;
    final String lastName;

    @JsonCreator
    NameUpdated(@JsonProperty("firstName") String firstName, @JsonProperty("lastName") String lastName) {
        this.firstName = firstName;
        this.lastName = lastName;
    }
}
