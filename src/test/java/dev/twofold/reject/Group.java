package dev.twofold.reject;

import dev.twofold.reject.Case.Scene;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** Collects the cases of a group, and makes the files that many of them share. */
final class Group {

    static final String CHECKPOINT = "checkpoint";
    static final String OUTPUT = "output";

    private final String name;
    private final List<Case> cases = new ArrayList<>();

    Group(String name) {
        this.name = name;
    }

    List<Case> cases() {
        return List.copyOf(cases);
    }

    /** Bad input: exit code 3, and a message with all of this in it. */
    Group rejects(String how, Scene scene, String... says) {
        return fails(Case.INPUT, how, scene, says);
    }

    Group fails(int exit, String how, Scene scene, String... says) {
        cases.add(new Case(name, how, exit, Arrays.asList(says), scene));
        return this;
    }

    /** Odd, and accepted by design. */
    Group accepts(String what, Scene scene) {
        return fails(Case.ACCEPTED, what, scene);
    }

    /** Something that is done to a directory which holds a sound checkpoint. */
    interface Damage {
        void to(Path checkpoint) throws IOException;
    }

    /** Converts a checkpoint that was sound and then damaged. */
    static Scene damaged(Damage damage) {
        return damaged(TinyLlama.create().tokenizer(), damage);
    }

    static Scene damaged(TinyLlama model, Damage damage) {
        return directory -> {
            damage.to(model.write(directory.resolve(CHECKPOINT)));
            return convert(directory);
        };
    }

    /** Converts a checkpoint that was changed before it was written. */
    static Scene changed(Consumer<TinyLlama> change) {
        return directory -> {
            TinyLlama model = TinyLlama.create().tokenizer();
            change.accept(model);
            model.write(directory.resolve(CHECKPOINT));
            return convert(directory);
        };
    }

    /** Converts a sound checkpoint in which one file is replaced. */
    static Scene replaced(String file, byte[] bytes) {
        return damaged(checkpoint -> Files.write(checkpoint.resolve(file), bytes));
    }

    static Scene replaced(String file, String text) {
        return replaced(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /** The command that all cases run which do not say otherwise. */
    static List<String> convert(Path directory, String... more) {
        List<String> command = new ArrayList<>(List.of(
                "convert",
                directory.resolve(CHECKPOINT).toString(),
                "-o",
                directory.resolve(OUTPUT).toString()));
        command.addAll(more.length == 0 ? List.of("--window", "0:4") : List.of(more));
        return command;
    }
}
