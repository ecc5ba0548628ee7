package io.everstore.examples.users;

/** What happens to a user. Commits of any two of them conflict, since their serializer declares it as a type. */
interface UserEvent {}
