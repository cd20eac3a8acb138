package dev.twofold.cli;

import dev.twofold.diag.TwofoldException;
import dev.twofold.pass.PassSpec;
import dev.twofold.passes.ShippedPasses;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "passes",
        mixinStandardHelpOptions = true,
        description = "Lists passes and shipped pipelines, or shows one.")
final class PassesCommand implements Callable<Integer> {

    @Parameters(arity = "0..1", paramLabel = "NAME", description = "A pass or a shipped pipeline.")
    private @Nullable String name;

    @Mixin
    private Console console = new Console();

    @Override
    public Integer call() {
        if (name == null) {
            list();
        } else if (ShippedPasses.ALL.stream().anyMatch(spec -> spec.name().equals(name))) {
            ShippedPasses.ALL.stream().filter(spec -> spec.name().equals(name)).forEach(this::show);
        }
        if (name != null && Pipelines.SHIPPED.contains(name)) {
            console.out().println("# pipeline " + name);
            console.out().print(Pipelines.text(name));
            console.out().flush();
        } else if (name != null
                && ShippedPasses.ALL.stream().noneMatch(spec -> spec.name().equals(name))) {
            throw TwofoldException.usage("there is no pass or pipeline '" + name + "'")
                    .hint("twofold passes");
        }
        return 0;
    }

    private void list() {
        console.out().println("Passes:");
        for (PassSpec<?> spec : ShippedPasses.ALL) {
            console.out().printf("  %-16s %s%n", spec.name(), spec.summary());
        }
        console.out().println("Pipelines:");
        for (String pipeline : Pipelines.SHIPPED) {
            String summary =
                    Pipelines.text(pipeline).lines().findFirst().orElse("").replaceFirst("^# *", "");
            console.out().printf("  %-16s %s%n", pipeline, summary);
        }
    }

    private void show(PassSpec<?> spec) {
        console.out().println(spec.name() + ": " + spec.summary());
        RecordComponent[] options = spec.options().getRecordComponents();
        String names = Arrays.stream(options)
                .map(option -> option.getName() + " (" + option.getType().getSimpleName() + ")")
                .collect(Collectors.joining(", "));
        console.out().println("  options      " + (options.length == 0 ? "none" : names));
        console.out().println("  effect       " + spec.effect().name().toLowerCase(Locale.ROOT));
        console.out().println("  requires     " + spec.requires());
        console.out().println("  establishes  " + spec.establishes());
        console.out().println("  removes      " + spec.removes());
    }
}
