package dev.twofold.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.testing.MarkdownPage;
import dev.twofold.testing.ShellLine;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** The documents show no command, and name no option, that the command line does not have. */
final class DocumentedCommandsTest {

    private static final Pattern OPTION = Pattern.compile("(?<![\\w-])(--[a-z][a-z_-]+)");
    private static final Pattern COMMAND = Pattern.compile("(?:\\./)?twofold ([a-z]+).*");

    /** Options of other programs that the documents name in sentences. */
    private static final Set<String> FOREIGN = Set.of("--enable_nccl", "--model-repository", "--use_cuda", "--use_mpi");

    @Test
    void commands_that_are_shown_parse() {
        List<String> wrong = new ArrayList<>();
        int shown = 0;
        for (MarkdownPage page : MarkdownPage.all()) {
            for (String line : page.shell()) {
                for (List<String> words : ShellLine.commands(line)) {
                    if (words.get(0).equals("./twofold")) {
                        shown++;
                        refusal(words.subList(1, words.size()))
                                .ifPresent(why -> wrong.add(page + ": " + line + ": " + why));
                    }
                }
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(shown).isGreaterThan(30);
    }

    private static Optional<String> refusal(List<String> arguments) {
        try {
            Main.commandLine().parseArgs(arguments.toArray(String[]::new));
            return Optional.empty();
        } catch (ParameterException e) {
            return Optional.of(e.getMessage());
        }
    }

    @Test
    void commands_that_are_named_exist() {
        Set<String> known = Main.commandLine().getSubcommands().keySet();
        Set<String> named = code().map(COMMAND::matcher)
                .filter(Matcher::matches)
                .map(command -> command.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(named).isNotEmpty().isSubsetOf(known);
    }

    @Test
    void options_that_are_named_exist() {
        Set<String> known = new HashSet<>(FOREIGN);
        Main.commandLine().getSubcommands().values().stream()
                .map(CommandLine::getCommandSpec)
                .flatMap(command -> command.options().stream())
                .forEach(option -> known.addAll(List.of(option.names())));
        Set<String> named = code().filter(span -> !span.startsWith("tools/") && !span.startsWith("mvn "))
                .flatMap(span -> OPTION.matcher(span).results())
                .map(option -> option.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(named).hasSizeGreaterThan(30).isSubsetOf(known).containsAll(FOREIGN);
    }

    private static Stream<String> code() {
        return MarkdownPage.all().stream().flatMap(page -> page.code().stream());
    }

    @Test
    void a_line_of_shell_is_taken_apart() {
        assertThat(ShellLine.commands("A=1 ./twofold bench A 'B C' && mvn -B verify   # all of it"))
                .containsExactly(List.of("./twofold", "bench", "A", "B C"), List.of("mvn", "-B", "verify"));
        assertThat(ShellLine.commands("# nothing")).isEmpty();
    }
}
