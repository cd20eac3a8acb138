package dev.twofold.reject;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A line of the reject list: something a stranger may hand us, and what has to come of it.
 *
 * @param group what is broken: safetensors, index, config and so on
 * @param name how it is broken
 * @param exit the exit code; 0 for what is accepted by design
 * @param says what the one message has to hold
 * @param scene makes the files
 */
record Case(String group, String name, int exit, List<String> says, Scene scene) {

    static final int ACCEPTED = 0;
    static final int CHECK_FAILED = 1;
    static final int INPUT = 3;
    static final int ENVIRONMENT = 4;

    /** Makes the files of a case and says which command to run on them. */
    interface Scene {

        /** @param directory empty, the case's own */
        List<String> arrange(Path directory) throws IOException;
    }

    Case {
        says = List.copyOf(says);
    }

    boolean accepted() {
        return exit == ACCEPTED;
    }

    @Override
    public String toString() {
        return group + ": " + name;
    }
}
