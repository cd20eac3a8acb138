package dev.twofold.cli;

import dev.twofold.diag.TwofoldException;
import dev.twofold.pass.PassSpec;
import dev.twofold.pass.Property;
import dev.twofold.passes.ShippedPasses;
import dev.twofold.recipe.ShippedPipelines;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "passes",
        mixinStandardHelpOptions = true,
        description = "Lists the passes and pipelines that come with Twofold, or shows one.")
final class PassesCommand implements Callable<Integer> {

    @Parameters(arity = "0..1", paramLabel = "NAME", description = "The pass or pipeline to show.")
    private @Nullable String name;

    @Mixin
    private Console console = new Console();

    @Override
    public Integer call() {
        if (name == null) {
            list();
            return 0;
        }
        List<PassSpec<?>> passes = ShippedPasses.ALL.stream()
                .filter(spec -> spec.name().equals(name))
                .toList();
        passes.forEach(this::show);
        boolean pipeline = ShippedPipelines.NAMES.contains(name);
        if (pipeline) {
            console.out().printf("# pipeline %s%n%s", name, ShippedPipelines.text(name));
            console.out().flush();
        } else if (passes.isEmpty()) {
            throw TwofoldException.usage("there is no pass or pipeline '" + name + "'")
                    .hint("list them with 'twofold passes'");
        }
        return 0;
    }

    private void list() {
        console.out().println("Passes:");
        for (PassSpec<?> spec : ShippedPasses.ALL) {
            console.out().printf("  %-16s %s%n", spec.name(), spec.summary());
        }
        console.out().println("Pipelines:");
        for (String pipeline : ShippedPipelines.NAMES) {
            String summary = ShippedPipelines.text(pipeline)
                    .lines()
                    .findFirst()
                    .orElse("")
                    .replaceFirst("^# *", "");
            console.out().printf("  %-16s %s%n", pipeline, summary);
        }
    }

    private void show(PassSpec<?> spec) {
        console.out().println(spec.name() + ": " + spec.summary());
        console.out().println("  step         " + spec.example());
        console.out().println("  effect       " + spec.effect().name().toLowerCase(Locale.ROOT));
        console.out().println("  requires     " + describe(spec.requires()));
        console.out().println("  establishes  " + describe(spec.establishes()));
    }

    private static String describe(Set<Property> properties) {
        return properties.isEmpty()
                ? "nothing"
                : properties.stream()
                        .map(property ->
                                property.name().toLowerCase(Locale.ROOT).replace('_', ' '))
                        .collect(Collectors.joining(", "));
    }
}
