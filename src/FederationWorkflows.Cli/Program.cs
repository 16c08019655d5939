Console.WriteLine("fedflow");
